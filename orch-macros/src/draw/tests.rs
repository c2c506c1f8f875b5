mod graphs;
mod preview;
