// What is unusual about a job's photos, in words and with the photos that cause it.

/** @param facts the job's `drift` in the API. */
export function showDrift(section, jobUrl, facts) {
  const odd = facts.features.filter(({ verdict }) => ["warning", "critical"].includes(verdict));
  section.className = `drift drift--${facts.status}`;
  section.querySelector(".drift__features").replaceChildren(
    ...odd.map((feature) => featureItem(jobUrl, feature)),
  );
  section.hidden = odd.length === 0;
}

function featureItem(jobUrl, { words, photos }) {
  const item = document.createElement("li");
  const text = document.createElement("p");
  text.className = "drift__words";
  text.textContent = words;
  const pictures = document.createElement("div");
  pictures.className = "drift__photos";
  pictures.append(...photos.map((index) => picture(jobUrl, index)));
  item.append(text, pictures);
  return item;
}

function picture(jobUrl, index) {
  const image = document.createElement("img");
  image.src = `${jobUrl}photos/${index}/thumbnail/`;
  image.alt = `Photo ${index + 1}`;
  image.height = 60;
  image.loading = "lazy";
  return image;
}
