// Decisions on their way to the site: kept in the tab until the site has answered each, sent one after the other.

const KEPT = "review-outbox";
const AGAIN_MS = 2000;

const cookie = (name) => document.cookie.split("; ").find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1);

/** Send a form's fields. The token is that of the newest login in this browser, whatever the page was made with. */
export function post(url, fields) {
  const body = new URLSearchParams(fields);
  const token = cookie("csrftoken") ?? body.get("csrfmiddlewaretoken") ?? "";
  return fetch(url, {
    method: "POST", body, credentials: "same-origin", keepalive: true, redirect: "manual",
    headers: { Accept: "application/json", "X-CSRFToken": token },
  });
}

export class Outbox {
  /** `onAnswer(item, body)`: stored; `onHeld(reason, login)`: not, and nothing more is sent; null: it goes on. */
  constructor({ onAnswer, onHeld }) {
    this.onAnswer = onAnswer;
    this.onHeld = onHeld;
    this.items = [];
    this.held = null; // why nothing is sent, and where to log in
  }

  /** What an earlier page of this tab did not get through. */
  static left() {
    try {
      return JSON.parse(sessionStorage.getItem(KEPT)) ?? [];
    } catch {
      return [];
    }
  }

  add(...items) {
    this.items.push(...items);
    this.keep();
    if (this.held) this.onHeld(...this.held);
  }

  keep() {
    if (this.items.length) sessionStorage.setItem(KEPT, JSON.stringify(this.items));
    else sessionStorage.removeItem(KEPT);
  }

  /** Send the oldest one; true where the next may follow. */
  async sendOne(more) {
    const [item] = this.items;
    let answer;
    try {
      answer = await post(item.url, [...item.fields, ...more(item)]);
    } catch {
      answer = null;
    }
    if (answer?.ok) {
      const body = await answer.json();
      this.items.shift();
      this.keep();
      this.onHeld(null);
      this.onAnswer(item, body);
      return true;
    }
    return this.refused(item, answer);
  }

  async refused(item, answer) {
    if (answer?.status === 401) {
      this.hold("ended", (await answer.json()).login);
    } else if (answer?.status === 403) {
      this.hold("forbidden");
    } else if (answer && answer.status < 500) { // there is no such pair any more
      this.items.shift();
      this.keep();
      this.onAnswer(item, { said: [{ tone: "error", html: "The pair is not there any more. Nothing was stored." }] });
      return true;
    } else {
      this.onHeld("away");
      await new Promise((done) => setTimeout(done, AGAIN_MS));
      return true;
    }
    return false;
  }

  hold(reason, login) {
    this.held = [reason, login];
    this.onHeld(reason, login);
  }
}
