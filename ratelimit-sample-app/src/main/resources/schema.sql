create table product (
    id int primary key,
    name varchar(100) not null,
    category varchar(30) not null,
    price decimal(10, 2) not null
);
