"""The events and topics through which the services speak, and nothing else.

One module for each producing side, one registry (`topics`), and values without any dependency (`values`).
Imports the standard library and pydantic only; knows neither Kafka nor a database nor any service.
"""
