"""What others wrote: text in any script, vocabularies, published models, files that nobody vouches for."""
