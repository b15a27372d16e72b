"""One class per backend of keyword search."""
