//! Tests the agent.
