//! What the document shows is what comes out.
