interface Writer {
  readonly buffer: Buffer;
  reset(length?: number): void;
}

/**
 * Has buffers that are written to again filled with rubbish before, so that whoever still reads
 * what stood there reads that. It goes to other threads as a text: it uses nothing of this file.
 */
export function spoilWhatIsUsedAgain(writers: { readonly prototype: Writer }): void {
  const reset = writers.prototype.reset;
  writers.prototype.reset = function (this: Writer, length = 0): void {
    if (length === 0) this.buffer.fill(0xdb);
    reset.call(this, length);
  };
}
