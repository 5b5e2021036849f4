from ledgerflux.client.answers import AGAIN, Answers
from ledgerflux.wire.gateway_reading import Message


async def test_an_answer_goes_to_who_asked_and_other_messages_to_nobody():
    answers = Answers()
    (first, mine), (second, other) = answers.expect(), answers.expect()
    assert first != second
    for number in (None, "text", 99):
        answers.take(Message(type="pong", req_id=number))
    assert not mine.done()
    answer = Message(type="pong", req_id=second)
    answers.take(answer)
    answers.take(answer)
    assert (other.result(), mine.done()) == (answer, False)


async def test_who_is_not_waiting_any_more_is_left_alone():
    answers = Answers()
    number, gone = answers.expect()
    _, also_gone = answers.expect()
    gone.cancel()
    also_gone.cancel()
    answers.take(Message(type="pong", req_id=number))
    answers.forget()


async def test_what_was_asked_on_a_connection_that_is_gone_may_be_asked_again():
    answers = Answers()
    _, waiting = answers.expect()
    answers.forget()
    assert waiting.result() is AGAIN
    assert (AGAIN.retryable, AGAIN.retry_after_ms) == (True, 0)
