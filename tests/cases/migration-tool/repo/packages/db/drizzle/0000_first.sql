CREATE TABLE ticket (id serial PRIMARY KEY);
