"""What every stage needs: the command line, parameters, files, seeds, and the machine's resources."""
