"""MovieLens: releases and their layouts, validation, ratings as tensors, tables, generated ratings."""
