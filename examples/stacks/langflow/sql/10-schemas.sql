-- First of all: what comes later may put something into them.
CREATE SCHEMA IF NOT EXISTS reporting;
COMMENT ON SCHEMA reporting IS 'What analysts make from the tables of the application; no migration touches it.';
