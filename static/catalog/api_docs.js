// Swagger UI over this deployment's schema; its calls go to the address that the reader came by.
(async () => {
  const place = document.getElementById("swagger-ui");
  const spec = await (await fetch(place.dataset.schema)).json();
  // The list of servers has a title that a screen reader does not join to it.
  new MutationObserver(() => document.getElementById("servers")?.setAttribute("aria-label", "Server")).observe(place, {
    childList: true,
    subtree: true,
  });
  window.ui = SwaggerUIBundle({
    spec,
    domNode: place,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: false,
    persistAuthorization: false,
    defaultModelsExpandDepth: 0,
    validatorUrl: null, // it would send the schema to another host
    requestSnippetsEnabled: true,
  });
})();
