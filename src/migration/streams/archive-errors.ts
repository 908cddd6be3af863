/** An archive and a log do not belong together. Nothing of it was taken or added. */
export class NotOfThisArchive extends Error {
  override readonly name = 'NotOfThisArchive';
}

/** There is no archive where one was named. */
export class ArchiveMissing extends Error {
  override readonly name = 'ArchiveMissing';

  constructor() {
    super('there is no archive in this folder');
  }
}
