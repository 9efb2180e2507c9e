# functions
