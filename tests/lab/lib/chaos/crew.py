"""People at work while things break, each in a thread: who asks for something asks again until it is acknowledged."""

import threading
import time

MOST_TRIES = 10  # once they are to end


class Crew:
    """live(*arguments) of each, until they are to end."""

    def __init__(self, arguments):
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self.live, args=each) for each in arguments]

    def begin(self):
        for thread in self.threads:
            thread.start()

    def end(self):
        self.ending.set()
        for thread in self.threads:
            if thread.is_alive():
                thread.join()

    def insist(self, request, ask_once):
        """Until that is answered, or they end; the request counts its own tries."""
        while not ask_once():
            if self.ending.wait(0.3) and request["tries"] > MOST_TRIES:
                break
            time.sleep(0.1)
