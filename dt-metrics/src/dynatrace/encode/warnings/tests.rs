mod altered;
mod notes;
