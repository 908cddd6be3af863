export type StagingState =
  | { readonly status: 'absent' }
  | { readonly status: 'open' }
  | { readonly status: 'closed'; readonly isDropped: boolean };
