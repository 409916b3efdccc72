// Shows notices, and brings the list to the front when one is clicked. It answers no request and keeps nothing.
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(toTheList());
});

async function toTheList() {
  const [open] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return open ? open.focus() : self.clients.openWindow(self.registration.scope);
}
