"""Shows how rates shift with each fact's salience."""
