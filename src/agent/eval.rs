//! Recorded cases, to judge a model by before it is trusted.
