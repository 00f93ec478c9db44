"""What people say of samples: labels that are only ever appended, blind draws, and files to pass them on."""
