mod keys;
mod metadata;
