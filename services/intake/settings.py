"""What an operator sets about intake: the service that handles topics needs nothing of its own."""

import chassis


class Settings(chassis.Settings):
    """Intake as a consumer of topics; the HTTP edge has settings of its own (`api`)."""

    model_config = chassis.Settings.model_config | {"env_prefix": "INTAKE_"}
