// A second press of a button, while the first is on its way, is not a second wish. Once the first was stopped, or has
// had no answer for long, it is one: no button stays dead, and the page says what happened.
//
// A form with data-sent-note ends at the same place however often it is sent: nothing holds it back. It may lead to an
// application on this device, and then this page stays without ever hearing what became of it.

const ANSWER_MS = 5000; // by then the server has answered, whatever happened
const NOTE_MS = 1000;
const STOPPED =
  "Stopped before the server answered, so this may or may not have been done. Click the button again to retry.";
const UNANSWERED = "No response yet. Wait, or click the button again to retry.";

export function sendOnce(document, window) {
  const underWay = new Map(); // forms that were sent, and the timer of each
  for (const form of document.querySelectorAll('form[method="post"]')) {
    form.addEventListener("submit", (event) => {
      if (event.defaultPrevented) {
        return; // it waits for a passkey first
      }
      if (underWay.has(form) && !("sentNote" in form.dataset)) {
        event.preventDefault();
        return;
      }
      send(form, underWay);
    });
  }
  whenStopped(window, () => underWay.forEach((_, form) => letGo(form, underWay, STOPPED)));
  // Back shows the page as it was left: its forms must work again.
  window.addEventListener("pageshow", () => underWay.forEach((_, form) => letGo(form, underWay, "")));
}

function send(form, underWay) {
  letGo(form, underWay, "");
  const { sentNote } = form.dataset;
  const timer = setTimeout(() => letGo(form, underWay, sentNote ?? UNANSWERED), sentNote ? NOTE_MS : ANSWER_MS);
  underWay.set(form, timer);
}

function letGo(form, underWay, note) {
  clearTimeout(underWay.get(form));
  underWay.delete(form);
  placeOfNote(form).textContent = note;
}

// It is there before there is anything to say: only then do screen readers notice that it changes.
function placeOfNote(form) {
  let place = form.querySelector("[data-note]");
  if (!place) {
    place = document.createElement("p");
    place.className = "small";
    place.setAttribute("role", "status");
    place.dataset.note = "";
    form.append(place);
  }
  return place;
}

// Calls back when the person stops the browser; a further press, which ends the first request as well, is no stop.
// Browsers without the Navigation API do not tell.
function whenStopped(window, stopped) {
  let latest;
  window.navigation?.addEventListener("navigate", (event) => {
    latest = event;
    event.signal.addEventListener("abort", () => {
      setTimeout(() => {
        if (latest === event) {
          stopped();
        }
      });
    });
  });
}
