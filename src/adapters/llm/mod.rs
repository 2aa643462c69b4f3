//! Language models behind the agent's port: any OpenAI-compatible API, and Ollama.
