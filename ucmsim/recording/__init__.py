"""`/recapi`: what is in the spool, its sound, its listings and archives."""
