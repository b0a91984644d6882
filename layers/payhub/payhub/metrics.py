"""The Signals port: metrics in CloudWatch's embedded format, one log line each."""

from aws_lambda_powertools.metrics import MetricUnit, single_metric


class EmbeddedMetrics:
    """Emits each value at once; nothing is kept between requests."""

    def count(self, name: str, value: float = 1, **dimensions: str) -> None:
        """The value alone, and again under its dimensions: CloudWatch adds nothing up by itself."""
        for named in ({}, dimensions) if dimensions else ({},):
            with single_metric(name=name, unit=MetricUnit.Count, value=value) as metric:
                for dimension, text in named.items():
                    metric.add_dimension(name=dimension, value=text)
