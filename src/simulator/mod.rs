//! A Gemini-compatible server on loopback that draws what it is asked for. Never touches anything else of ours.
