// What a person has chosen so far: photos, or one ZIP. Pure state, no page.

const MB = 1024 * 1024;

/**
 * @typedef {object} Limits
 * @property {Set<string>} suffixes such as ".jpg"
 * @property {number} minPhotos
 * @property {number} maxPhotos
 * @property {number} maxBytes
 */

export class Selection {
  /** @param {Limits} limits */
  constructor(limits) {
    this.limits = limits;
    this.clear();
  }

  clear() {
    /** @type {File | null} */
    this.archive = null;
    /** @type {File[]} */
    this.photos = [];
    this.numIgnored = 0;
  }

  /** Add files of a drop or a dialog; a ZIP takes the place of photos and the other way round. */
  add(files) {
    const archive = files.find((file) => suffixOf(file.name) === ".zip");
    if (archive) {
      this.clear();
      this.archive = archive;
      return;
    }
    this.archive = null;
    for (const file of files) {
      if (!this.limits.suffixes.has(suffixOf(file.name)) || file.name.startsWith(".")) {
        this.numIgnored += 1;
      } else if (!this.photos.some((photo) => isSameFile(photo, file))) {
        this.photos.push(file);
      }
    }
  }

  remove(photo) {
    this.photos = this.photos.filter((other) => other !== photo);
  }

  get numBytes() {
    return this.files.reduce((sum, file) => sum + file.size, 0);
  }

  get isEmpty() {
    return !this.archive && this.photos.length === 0;
  }

  /** Why it cannot be sent yet; empty when it can. */
  get problem() {
    const { minPhotos, maxPhotos, maxBytes } = this.limits;
    if (this.numBytes > maxBytes) {
      return `This is ${formatMb(this.numBytes)}; ${formatMb(maxBytes)} are allowed. Send fewer or smaller photos.`;
    }
    if (this.archive) return "";
    if (this.photos.length > maxPhotos) {
      return `These are ${this.photos.length} photos; ${maxPhotos} are allowed.`;
    }
    if (this.photos.length > 0 && this.photos.length < minPhotos) {
      return `At least ${minPhotos} photos are needed, better twenty or more.`;
    }
    return "";
  }

  /** One sentence about what is chosen. */
  get words() {
    if (this.archive) return `${this.archive.name}, ${formatMb(this.archive.size)}`;
    const photos = `${this.photos.length} ${this.photos.length === 1 ? "photo" : "photos"}`;
    const ignored = this.numIgnored
      ? ` (${this.numIgnored} other ${this.numIgnored === 1 ? "file" : "files"} left out)`
      : "";
    return `${photos}, ${formatMb(this.numBytes)}${ignored}`;
  }

  get files() {
    return this.archive ? [this.archive] : this.photos;
  }
}

export function suffixOf(name) {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot).toLowerCase();
}

export function formatMb(bytes) {
  const mb = bytes / MB;
  return `${mb.toLocaleString("en", { maximumFractionDigits: mb < 10 ? 1 : 0 })} MB`;
}

function isSameFile(a, b) {
  return a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
}
