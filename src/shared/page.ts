/** The one paging shape: what comes strictly after a key, at most so many. */
export interface PageRequest {
  /** Exclusive; "" from the beginning. */
  readonly after: string;
  /** 1 … {@link PAGE_ITEMS_MAX} */
  readonly amount: number;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
  /** What to hand back as `after`; "" when there is no more. */
  readonly nextOffset: string;
}

export const PAGE_ITEMS_MAX = 1000;
