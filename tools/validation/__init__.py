"""Scripts that compare Lunabase with published numbers and write the pages of docs/validation."""
