//! What is true of this adapter alone, on a real server.
