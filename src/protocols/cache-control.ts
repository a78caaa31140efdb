// For how long answers are kept. Always by the client alone: who may read what is asked of each caller.

/** What is named by its hash. */
export const FOR_EVER = 'private, max-age=31536000, immutable'
/** What may be another thing the next time; with its entity tag it is asked for cheaply. */
export const ASK_ANEW = 'private, no-cache'
