insert into product (id, name, category, price)
select x,
       array_get(array['red', 'blue', 'green', 'black', 'white'], 1 + mod(x, 5)) || ' '
           || array_get(array['lamp', 'chair', 'table', 'shelf', 'sofa', 'desk', 'stool'], 1 + mod(x, 7)) || ' ' || x,
       array_get(array['lighting', 'seating', 'tables', 'storage', 'seating', 'tables', 'seating'], 1 + mod(x, 7)),
       cast(5 + mod(x * 37, 400) + mod(x, 4) * 0.25 as decimal(10, 2))
from system_range(1, 5000);

insert into account (name, salt, password_hash)
values ('ann', '4f1c', hash('SHA-256', stringtoutf8('4f1c' || 'blue sofa'), 10000)),
       ('bob', '9e07', hash('SHA-256', stringtoutf8('9e07' || 'red lamp'), 10000));
