/** Whoever appends a request gives it the same event id, so it is in the queue once. */
export const REQUEST_PART = 'request';
/** The same of the request that a branch goes. */
export const DELETION_PART = 'request-delete';
