// Notes which page somebody wanted who has to sign in first; the answer of the provider leads back to it (`web.SignIn`).

export default function () {
  const wanted = encodeURIComponent(location.pathname + location.search);
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `meridian_wanted=${wanted}; path=/oauth2callback; max-age=900; samesite=lax${secure}`;
}
