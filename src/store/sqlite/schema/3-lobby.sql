-- Who was let in, as JSON; NULL: nobody has to wait.
ALTER TABLE rooms ADD COLUMN lobby TEXT;
