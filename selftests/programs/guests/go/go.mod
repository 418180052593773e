module sundial/guests

go 1.19
