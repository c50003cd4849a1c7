{#
    Views are replaced in place. The adapter's own way drops the old view with everything that stands on it, and a page
    that reads during a refresh would find no view. A view whose columns changed is still dropped and made anew.
    Rights of the reader hold through every view (security_invoker).
#}
{% materialization view, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing is not none and (not existing.is_view or should_full_refresh() or columns_differ(existing, sql)) -%}
        {{ adapter.drop_relation(existing) }}
    {%- endif -%}
    {% call statement('main') -%}
        {%- if config.get('contract').enforced -%}
            {{ get_assert_columns_equivalent(sql) }}
        {%- endif -%}
        create or replace view {{ target_relation }} with (security_invoker = true) as (
            {{ sql }}
        )
    {%- endcall %}
    {%- do apply_grants(target_relation, config.get('grants'), should_revoke=existing is not none) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# Whether a query gives other columns than the view that stands there now. #}
{% macro columns_differ(existing, sql) %}
    {%- set before = get_column_schema_from_query('select * from ' ~ existing) -%}
    {%- set after = get_column_schema_from_query(sql) -%}
    {{ return(before | map(attribute='column') | list != after | map(attribute='column') | list
        or before | map(attribute='dtype') | list != after | map(attribute='dtype') | list) }}
{% endmacro %}
