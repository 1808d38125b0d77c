create table product (
    id int primary key,
    name varchar(100) not null,
    category varchar(30) not null,
    price decimal(10, 2) not null
);

create table account (
    name varchar(100) primary key,
    salt varchar(32) not null,
    password_hash varbinary(32) not null
);
