module urbania.local/mongo

go 1.21
