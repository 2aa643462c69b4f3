//! What is known of images that homelabs run: what they say by themselves, where they keep `SQLite`, how they are asked
//! whether they are well. Only for what an input doesn't tell.
