/** Being written by the project helper (05:27): wait. @module */
