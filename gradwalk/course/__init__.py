"""The notebooks: where they lie, which are the course's own, and the JupyterLab that opens them."""
