-- What was charged is what was invoiced, what is still to invoice and what was given up.
select *
from {{ ref('int_money_balance') }}
where charged_amount <> invoiced_amount + to_invoice_amount + written_off_amount
