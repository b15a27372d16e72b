"""Pure rules of keyword search."""
