interface ImportMetaEnv {
  /** Where the files are that find a person in a picture. */
  readonly VISION: string;
}
