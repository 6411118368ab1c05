"""One noun a file, one verb a function. Imported when named, so that ``ess --help`` stays quick."""
