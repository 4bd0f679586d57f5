"""What the user asks for: YAML files, sections, the job they make."""
